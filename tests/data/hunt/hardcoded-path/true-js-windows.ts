export const report = "C:\\Users\\Petra\\report.html"; // HIT
