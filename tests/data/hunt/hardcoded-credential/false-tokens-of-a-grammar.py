EOS_TOKEN = "<|end1|>"
PAD_TOKEN = "[PAD_0]"
token = "kw_async2"
