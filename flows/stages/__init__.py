"""One task per stage: thin shells round scorewire.pipeline."""
