"""As they are sorted and compared, and with the clock that they are read from: the site's is not everybody's."""

DATE_FORMAT = "Y-m-d"
DATETIME_FORMAT = "Y-m-d H:i T"
