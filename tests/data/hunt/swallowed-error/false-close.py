class Link:
    def close(self):
        try:
            self.socket.shutdown(2)
        except Exception:
            pass
        self.socket.close()
