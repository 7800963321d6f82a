"""A sale endpoint as Django REST framework's own documentation would write it, to compare with."""
