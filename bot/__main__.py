"""`python -m bot` is `lmtbot`."""

import sys

from bot.cli import main

sys.exit(main())
