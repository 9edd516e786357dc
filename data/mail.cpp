#include "data/mail.h"

#include <curl/curl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "data/curl.h"

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

// The address itself of `Name <address>`.
std::string address_of(const std::string& text) {
  const std::size_t open = text.rfind('<'), close = text.rfind('>');
  const bool named = open != std::string::npos && close != std::string::npos && open < close;
  return "<" + (named ? text.substr(open + 1, close - open - 1) : text) + ">";
}

// Lines end with CR LF in a mail.
std::string with_mail_lines(const std::string& text) {
  std::string lines;
  for (const char c : text) lines += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return lines;
}

std::string message_id(const std::string& from) {
  const std::string address = address_of(from);
  const std::size_t at = address.find('@');
  const auto ticks = std::chrono::system_clock::now().time_since_epoch().count();
  return fmt::format("<{}.{}@{}", ticks, getpid(),
                     at == std::string::npos ? "keratin>" : address.substr(at + 1));
}

}  // namespace

std::string encoded_header(const std::string& text) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 128; };
  if (std::all_of(text.begin(), text.end(), is_ascii)) return text;
  // An encoded word has 75 characters at most, and ends with a whole code point.
  constexpr std::size_t kMostBytes = 45;
  const auto continues = [&](std::size_t i) {
    return i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80;
  };
  std::string words;
  for (std::size_t first = 0; first < text.size();) {
    std::size_t last = std::min(text.size(), first + kMostBytes);
    while (last > first + 1 && continues(last)) --last;
    if (!words.empty()) words += "\r\n ";
    words += "=?UTF-8?B?" + base64(std::string_view(text).substr(first, last - first)) + "?=";
    first = last;
  }
  return words;
}

std::string send(const Mail& mail, const MailServer& server) {
  const Curl curl = new_curl();
  if (curl == nullptr) return "libcurl could not be started";
  CURL* c = curl.get();
  std::vector<std::string> receivers;
  for (const std::string& to : mail.to) receivers.push_back(address_of(to));
  const List to = list_of(receivers);
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  const List headers =
      list_of({fmt::format("Date: {:%a, %d %b %Y %H:%M:%S +0000}", fmt::gmtime(now)),
               "From: " + mail.from, fmt::format("To: {}", fmt::join(mail.to, ", ")),
               "Subject: " + encoded_header(mail.subject), "Message-ID: " + message_id(mail.from)});
  const std::unique_ptr<curl_mime, void (*)(curl_mime*)> mime(curl_mime_init(c), curl_mime_free);
  curl_mimepart* part = curl_mime_addpart(mime.get());
  const std::string body = with_mail_lines(mail.text);
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
  char text[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(c, CURLOPT_URL, server.url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(c, CURLOPT_USE_SSL, server.starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE);
  if (!server.ca_file.empty()) curl_easy_setopt(c, CURLOPT_CAINFO, server.ca_file.c_str());
  if (!server.user.empty()) {
    curl_easy_setopt(c, CURLOPT_USERNAME, server.user.c_str());
    curl_easy_setopt(c, CURLOPT_PASSWORD, server.password.c_str());
  }
  const std::string sender = address_of(mail.from);
  curl_easy_setopt(c, CURLOPT_MAIL_FROM, sender.c_str());
  curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to.get());
  curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(c, CURLOPT_MIMEPOST, mime.get());
  curl_easy_setopt(c, CURLOPT_ERRORBUFFER, text);
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, static_cast<long>(server.timeout * 1000));
  const CURLcode code = curl_easy_perform(c);
  return code == CURLE_OK ? "" : text[0] != '\0' ? text : curl_easy_strerror(code);
}

}  // namespace keratin::data
