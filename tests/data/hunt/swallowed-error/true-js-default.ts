export async function ordersOf(db: Db, user: string): Promise<Order[]> {
  try {
    return await db.orders.find({ user });
  } catch (error) { // HIT
    return [];
  }
}
