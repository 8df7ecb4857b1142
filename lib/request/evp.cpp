#include "request/evp.h"

#include "base/promise.h"

#include <algorithm>
#include <memory>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

namespace otk::evp {

namespace {

struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
    void operator()(EVP_KDF* kdf) const { EVP_KDF_free(kdf); }
    void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
};
template <typename Object>
using Owned = std::unique_ptr<Object, Free>;

void demand(bool worked, const char* what) {
    if (worked) return;
    ERR_clear_error();
    throw Error(std::string("libcrypto cannot ") + what +
                "; check its configuration (openssl.cnf) and that memory is not short");
}

// What hostile bytes left behind would otherwise stay in libcrypto's list of errors.
bool refused() {
    ERR_clear_error();
    return false;
}

int size_of(Bytes bytes) { return static_cast<int>(bytes.size()); }

Owned<EVP_PKEY> private_key_of(int type, Bytes bytes) {
    promise(bytes.size() == key_size, "a private key has 32 bytes");
    Owned<EVP_PKEY> key(EVP_PKEY_new_raw_private_key(type, nullptr, bytes.data(), bytes.size()));
    demand(key != nullptr, "use an Ed25519 or X25519 key");
    return key;
}

Key public_half(const EVP_PKEY* key) {
    Key half{};
    std::size_t size = half.size();
    demand(EVP_PKEY_get_raw_public_key(key, half.data(), &size) == 1 && size == half.size(),
           "compute a public key");
    return half;
}

// OSSL_PARAM_construct_octet_string wants a pointer that could be written through; libcrypto only reads here.
OSSL_PARAM octets(const char* name, Bytes bytes) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(bytes.data()), bytes.size());
}

Owned<EVP_PKEY> exchange_pair(Bytes private_key, Bytes public_key) {
    const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "X25519", nullptr));
    OSSL_PARAM parts[] = {octets(OSSL_PKEY_PARAM_PUB_KEY, public_key),
                          octets(OSSL_PKEY_PARAM_PRIV_KEY, private_key), OSSL_PARAM_construct_end()};
    EVP_PKEY* pair = nullptr;
    demand(context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
               EVP_PKEY_fromdata(context.get(), &pair, EVP_PKEY_KEYPAIR, parts) == 1,
           "use an X25519 key");
    return Owned<EVP_PKEY>(pair);
}

// One of the two halves of HKDF; `info` is used by the second only, `salt` by the first.
void hkdf(int mode, const char* input_name, Bytes input, Bytes key, MutableBytes out) {
    promise(!input.empty() && !key.empty(), "HKDF has a salt, a secret and an info");
    const Owned<EVP_KDF> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
    const Owned<EVP_KDF_CTX> context(kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr);
    char digest[] = "SHA256";
    OSSL_PARAM parts[] = {OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
                          OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                          octets(OSSL_KDF_PARAM_KEY, key), octets(input_name, input),
                          OSSL_PARAM_construct_end()};
    demand(context && EVP_KDF_derive(context.get(), out.data(), out.size(), parts) == 1,
           "compute HKDF-SHA256");
}

} // namespace

Key ed25519_public(Bytes seed) { return public_half(private_key_of(EVP_PKEY_ED25519, seed).get()); }

std::array<std::uint8_t, signature_size> ed25519_sign(Bytes seed, Bytes message) {
    const Owned<EVP_PKEY> key = private_key_of(EVP_PKEY_ED25519, seed);
    const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
    std::array<std::uint8_t, signature_size> signature{};
    std::size_t size = signature.size();
    demand(context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
               EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) == 1,
           "sign by Ed25519");
    return signature;
}

bool ed25519_verify(Bytes public_key, Bytes message, Bytes signature) {
    promise(public_key.size() == key_size && signature.size() == signature_size, "Ed25519's sizes");
    const Owned<EVP_PKEY> key(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, public_key.data(), public_key.size()));
    const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
    demand(key && context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1,
           "verify by Ed25519");
    const int answer =
        EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size());
    return answer == 1 || refused();
}

Key x25519_public(Bytes private_key) {
    return public_half(private_key_of(EVP_PKEY_X25519, private_key).get());
}

bool x25519(Bytes private_key, Bytes public_key, Bytes other, SecretArray<key_size>& share) {
    promise(private_key.size() == key_size && public_key.size() == key_size && other.size() == key_size,
            "X25519's sizes");
    const Owned<EVP_PKEY> pair = exchange_pair(private_key, public_key);
    const Owned<EVP_PKEY> peer(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, other.data(), other.size()));
    const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, pair.get(), nullptr));
    demand(peer && context && EVP_PKEY_derive_init(context.get()) == 1 &&
               EVP_PKEY_derive_set_peer(context.get(), peer.get()) == 1,
           "exchange keys by X25519");
    // libcrypto fails for a share of zeros, too; RFC 7748 section 6.1 leaves that to whoever uses it.
    std::size_t size = key_size;
    if (EVP_PKEY_derive(context.get(), share.fill().data(), &size) != 1 || size != key_size) return refused();
    return !equal_in_constant_time(share.view(), std::array<std::uint8_t, key_size>{});
}

SecretArray<32> hkdf_extract(Bytes salt, Bytes secret) {
    SecretArray<32> extracted;
    hkdf(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, OSSL_KDF_PARAM_SALT, salt, secret, extracted.fill());
    return extracted;
}

void hkdf_expand(Bytes extracted, Bytes info, MutableBytes out) {
    hkdf(EVP_KDF_HKDF_MODE_EXPAND_ONLY, OSSL_KDF_PARAM_INFO, info, extracted, out);
}

void seal(Bytes key, const Nonce& nonce, Bytes before, Bytes text, MutableBytes box) {
    promise(key.size() == key_size && box.size() == text.size() + tag_size, "the sizes of a box");
    const Owned<EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new());
    int size = 0;
    demand(context &&
               EVP_EncryptInit_ex2(context.get(), EVP_chacha20_poly1305(), key.data(), nonce.data(),
                                   nullptr) == 1 &&
               EVP_EncryptUpdate(context.get(), nullptr, &size, before.data(), size_of(before)) == 1 &&
               EVP_EncryptUpdate(context.get(), box.data(), &size, text.data(), size_of(text)) == 1 &&
               EVP_EncryptFinal_ex(context.get(), box.data() + text.size(), &size) == 1 &&
               EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, tag_size,
                                   box.data() + text.size()) == 1,
           "encrypt by ChaCha20-Poly1305");
}

bool open(Bytes key, const Nonce& nonce, Bytes before, Bytes box, MutableBytes text) {
    promise(key.size() == key_size && box.size() == text.size() + tag_size, "the sizes of a box");
    const Owned<EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new());
    std::array<std::uint8_t, tag_size> tag{}; // the interface would write to it
    std::copy_n(box.end() - tag_size, tag_size, tag.begin());
    int size = 0;
    demand(context &&
               EVP_DecryptInit_ex2(context.get(), EVP_chacha20_poly1305(), key.data(), nonce.data(),
                                   nullptr) == 1 &&
               EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, tag_size, tag.data()) == 1 &&
               EVP_DecryptUpdate(context.get(), nullptr, &size, before.data(), size_of(before)) == 1 &&
               EVP_DecryptUpdate(context.get(), text.data(), &size, box.data(),
                                 static_cast<int>(text.size())) == 1,
           "decrypt by ChaCha20-Poly1305");
    return EVP_DecryptFinal_ex(context.get(), text.data() + text.size(), &size) == 1 || refused();
}

} // namespace otk::evp
