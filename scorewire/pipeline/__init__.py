"""The body of each stage: plain functions over local files, shared by the flow and `convert`."""
