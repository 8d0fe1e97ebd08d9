class Pool:
    def __del__(self):
        try:
            self.terminate()
        except:
            pass
