"""The only place where models are loaded: separation and transcription behind two ports."""
