"""What a bulk run is made of: where recordings come from, and the lanes that they go through."""
