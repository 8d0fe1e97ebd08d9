HELP = "for instance /home/user/shop or /Users/you/shop"
ROOT = "/home/user/shop"
