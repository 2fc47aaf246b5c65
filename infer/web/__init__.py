"""The server of `guide serve`: the visitor's page, the API and the curator's side."""
