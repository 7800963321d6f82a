"""`python -m possys_till` is `posctl`."""

import sys

from possys_till.posctl.__main__ import main

sys.exit(main())
