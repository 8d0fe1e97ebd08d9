setTimeout("refresh()", 1000); // HIT
