class Session:
    def commit(self):
        with self.lock:
            try:
                self.connection.commit()
            except:  # HIT
                self.broken = True
