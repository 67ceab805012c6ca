"""Any file or link to 44.1 kHz stereo samples."""
