console.log(1); // HIT
