class Spotify:
    def __init__(self):
        self.config.add(
            {
                "client_id": "4e414367a1d14c75a5c5129a627fcab8",
                "client_secret": "4a9b5b7848e54e118a7523b1c7c3e1e5",
            }
        )
        self.config["client_secret"].redact = True
