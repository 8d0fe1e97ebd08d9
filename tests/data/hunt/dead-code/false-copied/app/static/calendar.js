/*!
 * FineCalendar v3.2.1
 * Copyright (c) 2014 Somebody Else
 * Licensed under MIT
 */
function neverCalled(n) {
  return n;
}
