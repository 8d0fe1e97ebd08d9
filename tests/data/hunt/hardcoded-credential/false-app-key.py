class Stream:
    _API_KEY = "7d9c41ab8f02e6350bc1"
    OAUTH = {"client_id": "1747-dnhaq06", "client_secret": "kJw3-Rp81_xZq90Lm2"}
    TRACKER_API_SECRET = "b53e20c5ac1d2a44ef163e6"
