import os


class Worker:
    def restart(self):
        os.system(f"systemctl restart {self.unit}")
        os.system(f"touch {self.folder()}/restarted")
