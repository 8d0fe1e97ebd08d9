#include <vector>
#include "cart.hpp"
using namespace std;

namespace shop::inner {

/// A cart.
template <typename T>
class Cart : public Base<T>, private ns::Other {
public:
    explicit Cart(int size) : size_(size) {}
    ~Cart();
    Cart(const Cart&) = delete;
    virtual Money total(int rate) const override { return add(rate).value; }
    static Cart* make(int size);
    bool operator==(const Cart& other) const;
    using Lines = std::vector<T>;
private:
    int size_, *data_;
    T& ref_;
};

struct Line { Money price; void show() { out->print<int>(1); } };
enum class Color { Red, Green };
Money sum(const Line& line);

}  // namespace

// Adds up.
Money shop::Cart::total(int rate) {
    Cart local(rate);
    Price p(rate);
    return shop::sum(new Line(), lines.at(0), std::max<int>(1, 2));
}

template <class T>
Cart<T>::Cart(int size) { }
Line& first(Cart& cart) { return cart.front(); }
bool operator<(const Line& a, const Line& b) { return true; }
auto twice = [](int a) { return a * 2; };
