"""What the evidence for an end of a note costs, in the order of `note_values`.

Written by `python evals/learn_values.py`. Learned from music21's corpus: its keyboard
parts and chorales. The corpus holds music in the public domain; its encodings are under
their encoders' terms (music21/corpus/license.txt), and none of it is here.
"""

WEIGHTS = (1.8, 1.55, 1.6, 0.394, 0.589, -1.4, 3.47, 0.355, -3.82, -1.46)  # fmt: skip
