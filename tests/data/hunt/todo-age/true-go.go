package shop

/*
 * TODO: use the new client  // HIT
 */
func Total() int { return 0 }
