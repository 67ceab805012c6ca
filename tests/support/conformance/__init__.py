"""What the conformance suite stands on: a client of the wire, and something to conform.

The tests in tests/contract/conformance know a deployment by its address and tokens alone.
"""
