"""The ground that Scorewire's services share: it imports none of them."""
