const secret = "correct-horse-battery";
export default secret;
