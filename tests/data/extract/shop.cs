using System.Text;
using static Shop.Rates;
using P = Shop.Price;

namespace Shop.Carts
{
    /// <summary>A cart.</summary>
    [Serializable]
    public abstract class Cart<T> : base.Base<T>, IPriced, IList<Line>
    {
        private readonly List<Line> lines = new(), old;
        public const int Limit = 10;
        public Money Total { get; set; }
        public event Action Changed;
        public delegate void Handler(int a);

        public Cart(User owner) : base(owner) { }

        // Adds up.
        public async Task<Money> Sum(
            Rate rate)
        {
            var local = new Line<T>(rate);
            void Inner() { }
            Check(local);
            return this.lines.Select<Line>(l => l?.Price());
        }
    }

    public interface IPriced { Money Price(); }
    public struct Point { public int X; }
    public enum Color { Red, Green = 2 }
    public record Pair(int A, int B) : IPriced;
}
