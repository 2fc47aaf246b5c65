"""Writing guides on the user's own machine."""
