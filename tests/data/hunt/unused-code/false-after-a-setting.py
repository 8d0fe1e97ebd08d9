import os

os.environ["APP_DEBUG"] = "1"

import app
