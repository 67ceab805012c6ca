"""Notes to a score: pure functions, no paths, no models, no event loop."""
