"""Fine-tune KoGPT2 on a finished corpus: `python train.py --help` says how."""

import sys

from corpus.training.command import main

if __name__ == "__main__":
    sys.exit(main())
