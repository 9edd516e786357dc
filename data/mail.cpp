#include "data/mail.h"

#include <curl/curl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <memory>
#include <string_view>

#include "data/curl.h"
#include "data/utf8.h"

namespace keratin::data {
namespace {

using List = std::unique_ptr<curl_slist, void (*)(curl_slist*)>;

List list_of(const std::vector<std::string>& texts) {
  curl_slist* all = nullptr;
  for (const std::string& text : texts) all = curl_slist_append(all, text.c_str());
  return {all, curl_slist_free_all};
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      bits = bits << 8 | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      text += j <= count ? kDigits[bits >> (18 - 6 * j) & 63] : '=';
    }
  }
  return text;
}

// "Name <address>" in two; a name in quotes without them.
struct Mailbox {
  std::string name, address;
};
Mailbox parsed(const std::string& text) {
  const std::size_t open = text.rfind('<');
  if (!text.ends_with('>') || open == std::string::npos) return {"", text};
  std::string name = text.substr(0, open);
  name.resize(name.find_last_not_of(' ') + 1);
  if (name.size() >= 2 && name.starts_with('"') && name.ends_with('"')) {
    name = name.substr(1, name.size() - 2);
  }
  return {name, text.substr(open + 1, text.size() - open - 2)};
}

bool is_ascii(const std::string& text) {
  const auto fits = [](char c) { return static_cast<unsigned char>(c) < 128; };
  return std::all_of(text.begin(), text.end(), fits);
}

// As a header has it.
std::string header_of(const std::string& text) {
  const auto& [name, address] = parsed(text);
  if (name.empty()) return address;
  constexpr std::string_view kPlain = " !#$%&'*+-/=?^_`{|}~";  // RFC 5322, atoms
  const auto is_plain = [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           kPlain.find(c) != std::string_view::npos;
  };
  if (!is_ascii(name)) return encoded_header(name) + " <" + address + ">";
  if (std::all_of(name.begin(), name.end(), is_plain)) return name + " <" + address + ">";
  std::string quoted;
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return "\"" + quoted + "\" <" + address + ">";
}

// Several, on lines of some 76 characters.
std::string list_header(const std::vector<std::string>& texts) {
  std::string list;
  std::size_t line = 4;  // "To: "
  for (const std::string& text : texts) {
    const std::string next = header_of(text);
    if (!list.empty()) {
      const bool fits = line + next.size() <= 74;
      list += fits ? ", " : ",\r\n ";
      line = fits ? line + 2 : 1;
    }
    list += next;
    line += next.size();
  }
  return list;
}

// In angle brackets, as SMTP wants it.
std::string envelope_of(const std::string& text) { return "<" + parsed(text).address + ">"; }

std::string message_id(const std::string& from) {
  const std::string address = parsed(from).address;
  const auto ticks = std::chrono::system_clock::now().time_since_epoch().count();
  return fmt::format("<{}.{}{}>", ticks, getpid(), address.substr(address.find('@')));
}

// Lines that end as a mail's do, so that the encoder sees lines.
std::string with_crlf(const std::string& text) {
  std::string result;
  for (const char c : replace_ill_formed_utf8(text)) {
    if (c == '\n' && !result.ends_with('\r')) result += '\r';
    result += c;
  }
  return result;
}

// Keeps the last line by which the server refused something: it may still say goodbye.
std::size_t note_refusal(char* bytes, std::size_t, std::size_t count, void* refusal) {
  std::string line(bytes, count);
  line.resize(line.find_last_not_of("\r\n") + 1);
  if (line.starts_with('4') || line.starts_with('5')) {
    *static_cast<std::string*>(refusal) = std::move(line);
  }
  return count;
}

}  // namespace

bool is_mailbox(const std::string& text) {
  const auto& [name, address] = parsed(text);
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; };
  if (std::any_of(name.begin(), name.end(), is_control)) return false;
  if (name.find_first_of("<>") != std::string::npos || !is_ascii(address)) return false;
  // RFC 5321 without quoted local parts.
  if (std::any_of(address.begin(), address.end(), is_control)) return false;
  if (address.find_first_of(" <>()[],;:\\\"") != std::string::npos) return false;
  const std::size_t at = address.find('@');
  return at != std::string::npos && at == address.rfind('@') && at > 0 && at + 1 < address.size();
}

std::string encoded_header(const std::string& text) {
  constexpr std::size_t kMostPlain = 200;  // a line may have 998
  if (is_ascii(text) && text.size() <= kMostPlain) return text;
  // An encoded word has 75 characters at most, and ends with a whole code point.
  constexpr std::int64_t kMostBytes = 45;
  const std::string whole = replace_ill_formed_utf8(text);
  std::string words;
  for (std::string_view rest = whole; !rest.empty();) {
    const std::string_view part = utf8_prefix(rest, kMostBytes);
    if (!words.empty()) words += "\r\n ";
    words += "=?UTF-8?B?" + base64(part) + "?=";
    rest.remove_prefix(part.size());
  }
  return words;
}

std::string send(const Mail& mail, const MailServer& server) {
  char text[CURL_ERROR_SIZE] = "";  // they outlive the connection, which says goodbye
  std::string refusal;
  const Curl curl = new_curl();
  if (curl == nullptr) return "libcurl could not be started";
  CURL* c = curl.get();
  std::vector<std::string> receivers;
  for (const std::string& to : mail.to) receivers.push_back(envelope_of(to));
  const List to = list_of(receivers);
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  const List headers =
      list_of({fmt::format("Date: {:%a, %d %b %Y %H:%M:%S +0000}", fmt::gmtime(now)),
               "From: " + header_of(mail.from), "To: " + list_header(mail.to),
               "Subject: " + encoded_header(mail.subject), "Message-ID: " + message_id(mail.from)});
  const std::unique_ptr<curl_mime, void (*)(curl_mime*)> mime(curl_mime_init(c), curl_mime_free);
  curl_mimepart* part = curl_mime_addpart(mime.get());
  const std::string body = with_crlf(mail.text);
  curl_mime_data(part, body.data(), body.size());
  curl_mime_type(part, "text/plain; charset=utf-8");
  curl_mime_encoder(part, "quoted-printable");
  for (const Attachment& one : mail.attachments) {
    part = curl_mime_addpart(mime.get());
    curl_mime_data(part, one.content.data(), one.content.size());
    curl_mime_type(part, one.type.c_str());
    curl_mime_filename(part, one.name.c_str());
    curl_mime_encoder(part, "base64");
  }
  curl_easy_setopt(c, CURLOPT_URL, server.url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(c, CURLOPT_USE_SSL, server.starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE);
  if (!server.ca_file.empty()) curl_easy_setopt(c, CURLOPT_CAINFO, server.ca_file.c_str());
  if (!server.user.empty()) {
    curl_easy_setopt(c, CURLOPT_USERNAME, server.user.c_str());
    curl_easy_setopt(c, CURLOPT_PASSWORD, server.password.c_str());
  }
  const std::string sender = envelope_of(mail.from);
  curl_easy_setopt(c, CURLOPT_MAIL_FROM, sender.c_str());
  curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to.get());
  curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(c, CURLOPT_MIMEPOST, mime.get());
  curl_easy_setopt(c, CURLOPT_ERRORBUFFER, text);
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, std::max(1L, static_cast<long>(server.timeout * 1000)));
  curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, note_refusal);
  curl_easy_setopt(c, CURLOPT_HEADERDATA, &refusal);
  const CURLcode code = curl_easy_perform(c);
  if (code == CURLE_OK) return "";
  std::string problem = text[0] != '\0' ? text : curl_easy_strerror(code);
  if (!refusal.empty()) problem += fmt::format(", {:?}", replace_ill_formed_utf8(refusal));
  return problem;
}

}  // namespace keratin::data
