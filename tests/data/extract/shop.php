<?php
namespace Shop\Carts;

use Shop\Price as P;
use Shop\Lines\{Line, Sum};
use function Shop\rate;
require_once __DIR__ . '/setup.php';

/**
 * A cart.
 */
#[Entity]
abstract class Cart extends \Shop\Base implements Priced, Countable
{
    use Logs, Saves;
    const LIMIT = 10;
    private array $lines = [], $old;

    public function __construct(private User $owner) { parent::__construct(); }

    // Adds up.
    public function total(?Rate $rate = null): Money
    {
        $local = new Line($rate);
        Shop\check($local);
        return $this->lines->sum(Money::zero(), Rate::VAT);
    }
}

interface Priced extends Named { function price(): int; }
trait Logs { function log() { error_log("x"); } }
enum Color: string { case Red = 'r'; case Green = 'g'; function label() {} }
function helper(int $a) { return fn($x) => $x; }
const RATE = 2;
define('VERSION', '1');
