"""The people's part: findings in words, their evidence laid out, staff's pages in the admin and the retailer's own."""
