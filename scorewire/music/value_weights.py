"""What the evidence for an end of a note costs, in the order of `note_values`.

Written by `python evals/learn_values.py`. Learned from music21's corpus: its keyboard
parts and chorales. The corpus holds music in the public domain; its encodings are under
their encoders' terms (music21/corpus/license.txt), and none of it is here.
"""

WEIGHTS = (2.14, 1.66, 1.2, 0.484, 0.666, -1.66, 3.31, 0.4, -3.89, -1.52)  # fmt: skip
