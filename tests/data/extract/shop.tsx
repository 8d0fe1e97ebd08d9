import { FC } from 'react';

type Props = { id: string };

// Shows a cart.
export const CartView: FC<Props> = ({ id }) => (
  <Layout><Cart.Lines id={id} onClick={() => open(id)} /></Layout>
);
export default function App() { return <CartView id="1" />; }
