#include "tests/property/request/messages.h"
#include "tests/property/request/properties.h"

namespace otk::property {

namespace {

struct Sender {
    ChainSecret secret = random_secret();
    SigningKey key = SigningKey::of(secret);
    PublicKey public_key = key.public_key();
    Addressee addressee = random_addressee();

    [[nodiscard]] std::vector<std::uint8_t> message(SignedKnock knock) const {
        sign(knock, key, addressee);
        return format_signed_knock(knock);
    }
    // What a server says that expects this sender's knocks.
    [[nodiscard]] bool accepts(Bytes message) const {
        const auto knock = parse_signed_knock(message);
        return knock && verify(*knock, public_key, addressee);
    }
};

// Whatever is read is written as it was.
void reading_is_the_inverse_of_writing() {
    const Sender sender;
    const SignedKnock knock = random_knock();
    const auto message = sender.message(knock);
    const auto parsed = parse_signed_knock(message);
    RC_ASSERT(parsed);
    RC_ASSERT(parsed->value == knock.value);
    RC_ASSERT(parsed->address == knock.address);
    RC_ASSERT(parsed->time == knock.time);
    RC_ASSERT(parsed->argument == knock.argument);
    RC_ASSERT(format_signed_knock(*parsed) == message);
    RC_ASSERT(sender.accepts(message));
}

// Bytes changed at random: what is still read is written in the very same bytes.
void no_second_spelling() {
    auto message = Sender().message(random_knock());
    const auto changes = *rc::gen::inRange(1, 4);
    for (int i = 0; i < changes; ++i) {
        // Mostly in the fields that have rules.
        const auto at =
            *rc::gen::weightedOneOf<std::size_t>({{4, rc::gen::inRange<std::size_t>(16, 44)},
                                                  {1, rc::gen::inRange<std::size_t>(0, message.size())}});
        message[at] = *rc::gen::weightedOneOf<std::uint8_t>(
            {{2, rc::gen::arbitrary<std::uint8_t>()}, {1, rc::gen::element<std::uint8_t>(0, 1, 4, 6, 255)}});
    }
    const auto parsed = parse_signed_knock(message);
    RC_CLASSIFY(static_cast<bool>(parsed), "read");
    if (parsed) RC_ASSERT(format_signed_knock(*parsed) == message);
}

void any_altered_bit_is_found() {
    const Sender sender;
    RC_ASSERT_FALSE(sender.accepts(with_flipped_bit(sender.message(random_knock()))));
}

void any_cut_is_found() {
    const Sender sender;
    const auto message = sender.message(random_knock());
    const auto size = *rc::gen::inRange<std::size_t>(0, message.size());
    RC_ASSERT_FALSE(sender.accepts(Bytes(message).first(size)));
    RC_ASSERT_FALSE(sender.accepts(Bytes(message).last(size)));
    auto longer = message;
    const auto more = random_bytes(*rc::gen::inRange<std::size_t>(1, 64));
    longer.insert(longer.end(), more.begin(), more.end());
    RC_ASSERT_FALSE(sender.accepts(longer));
}

// Two knocks of one user, cut at the same place and exchanged: every mixture is refused.
void any_splice_is_found() {
    const Sender sender;
    SignedKnock knock = random_knock();
    const auto first = sender.message(knock);
    SignedKnock other = random_knock();
    other.argument = knock.argument; // of one size, or the size betrays it
    const auto second = sender.message(other);
    RC_PRE(first != second);
    const auto mixed = spliced(first, second, *rc::gen::inRange<std::size_t>(0, first.size() + 1));
    RC_ASSERT(sender.accepts(mixed) == (mixed == first || mixed == second));
}

void another_addressee_or_key_refuses_it() {
    const Sender sender;
    const auto message = sender.message(random_knock());
    Sender other;
    RC_PRE(other.public_key != sender.public_key);
    RC_ASSERT_FALSE(other.accepts(message));

    other.public_key = sender.public_key;
    other.addressee = sender.addressee;
    RC_ASSERT(other.accepts(message));
    switch (*rc::gen::inRange(0, 3)) {
    case 0: other.addressee.server[*rc::gen::inRange<std::size_t>(0, 16)] ^= 1; break;
    case 1: other.addressee.command.back() ^= 1; break;
    default: other.addressee.command += 'a';
    }
    RC_ASSERT_FALSE(other.accepts(message));
}

} // namespace

bool signed_properties() {
    bool all =
        rc::check("signed knock: reading is the inverse of writing", reading_is_the_inverse_of_writing);
    all &= rc::check("signed knock: nothing has a second spelling", no_second_spelling);
    all &= rc::check("signed knock: any altered bit is found", any_altered_bit_is_found);
    all &= rc::check("signed knock: any cut is found", any_cut_is_found);
    all &= rc::check("signed knock: any splice is found", any_splice_is_found);
    all &=
        rc::check("signed knock: another addressee or key refuses it", another_addressee_or_key_refuses_it);
    return all;
}

} // namespace otk::property
