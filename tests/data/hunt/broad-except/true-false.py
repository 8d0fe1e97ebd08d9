class Probe:
    def healthy(self):
        try:
            answer = self.client.ask("status")
            fields = answer.json()
            return fields["state"] == "up"
        except Exception:  # HIT
            return False
