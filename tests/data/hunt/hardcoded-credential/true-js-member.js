config.clientSecret = "Zx81-qP0w-77aT"; // HIT
