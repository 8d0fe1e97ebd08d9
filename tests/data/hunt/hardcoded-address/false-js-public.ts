export const repo = (name: string) => fetch(`https://api.github.com/repos/${name}`);
export const home = "https://shop.example.com:8443/";
