import sys


class Result:
    def run(self, work):
        try:
            self.value = work()
        except:
            self.failure = sys.exc_info()
