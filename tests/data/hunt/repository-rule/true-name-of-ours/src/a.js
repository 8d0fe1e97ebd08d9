alert(1); // HIT
