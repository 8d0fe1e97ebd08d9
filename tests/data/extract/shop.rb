require 'json'
require_relative 'price/line'

module Shop
  # A cart.
  # Of lines.
  class Cart < Base::Model
    include Comparable
    attr_accessor :lines, :owner
    LIMIT = 10

    def initialize(owner)
      @owner = owner
    end

    # Adds up.
    def total!(rate = 1)
      lines.sum { |line| line.price(rate) }
      Line.new(rate).valid?
    end

    def self.make; new(nil); end

    class << self
      def find(id)
        check(id)
      end
    end
  end
end

RATE = 2
def helper; end
