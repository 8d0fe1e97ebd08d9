"""Sends to a chat.

Forms of its address:
  - chat://user:pass@+15550001
"""

# a token looks like xoxb-1234-5678-4ddbc191d40ee098cbaae6f3523ada2d
BOT = "bot"
