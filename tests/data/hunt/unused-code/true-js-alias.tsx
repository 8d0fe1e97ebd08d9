import { Button as PlainButton, Link } from "./ui"; // HIT
export const Home = () => <Link to="/">Home</Link>;
