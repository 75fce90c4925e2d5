"""How often a law is tried with what chance draws: THOROUGH=1 tries it ten times as often."""

import os

IS_THOROUGH = os.environ.get("THOROUGH") == "1"


def tries(usual):
    return 10 * usual if IS_THOROUGH else usual
