const user = process.argv[2];
const answer = await fetch(`https://api.example.com/users/${user}`); // HIT
console.log(await answer.json());
