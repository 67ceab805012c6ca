"""Weights of the evidence for bar lines, in the order of `evidence.list_readings`.

Written by `python evals/learn_bars.py`. Learned from music21's corpus: its chorales,
chamber and piano music, and the fiddle tunes of Aird and Ryan, some set for piano. The
corpus holds music in the public domain; its encodings are under their encoders' terms
(music21/corpus/license.txt), and none of it is here.
"""

WEIGHTS = (
    -3.75, 2.54, -0.0501, 0.372, 4.23, -5.03, -0.11, -5.32, 7.92, 3.13,
    3.64, 5.09, -1.6, -4.94, 3.26, 1.3, 8.08, 2.15, -0.585, 5.89,
    4.08, 4.57, 1.52, 7.12, 1.17, 1.65, 5.75, -2.35, -0.248, 2.5,
    -0.843, -0.286, 1.89, -0.877, 0.7, 2.06, 0.626, 1.96, 2.27, 1.99,
    1.35, -2.93, 2.46, 0.25, 2.02, 0.689, -0.884, -0.264, -0.865, 3.03,
    -0.671, 1.95, -0.751, 5.1, 1.1, 5.83, 1.23, 1.94, -0.699, 3.88,
    -1.33, 1.25, 0.23, 2.52, -1.24, 1.97, 1.1, 0.51, 2.24, -0.233,
    -0.409, 2.3, 0.35, -1, 0.151, 0.133, 0, -0.482, 0.111, 0.122,
    -0.039, -0.00352, 0.35, 0.225, -0.453, -2.12, -0.172, -0.456, 2.04, 0.234,
    -0.796, -0.659, 0.787, -0.344, -1.38, -0.663, -1.44, 0.701, -2.06, 0.728,
    -2.49, -3.15, -2.78, -1.69, -1.69, -0.591, 2.92, 5.08, 7.07, 5.29,
    -0.275, -1.66,
)  # fmt: skip

TRACK_WEIGHT = 0.00514
"""Of the tracker's log-probability: it takes every onset for independent evidence."""
