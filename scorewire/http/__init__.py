"""What every web service of Scorewire does alike: who may ask, how often, how it refuses."""
