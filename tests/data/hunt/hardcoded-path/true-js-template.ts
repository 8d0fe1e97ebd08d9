export const image = (name: string) => load(`/Users/andre/Pictures/shop/`, name); // HIT
