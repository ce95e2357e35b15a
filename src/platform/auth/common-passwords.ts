// What people here and elsewhere choose first: the heads of the public lists of leaked passwords (French and English),
// keyboard runs, names, and the words of this field and country. Lower case, no accents. A password made of nothing else is
// refused, with whatever digits and signs are put around it.
export const commonWords: readonly string[] = `
  aabbcc abc abcdef abcdefghijkl abdou abdoul abdoulaye abdoulkarim abdramane abidjan access account adama adja admin
  administrateur administrator afrique aicha aigle aigles ajax akbar alassane alexander alexandra alexandre alexis
  algerie alhamdoulillah alhamdulillah allah allahouakbar allahu alleluia allez allezlesbleus alou alpha amadou
  amadoudiallo amanda amara america american amidou amie aminata aminatou amis amitie amour andrea andrew android ange
  angel angela animal anthony antoine anything aout apple april argent arsenal arthur asdfghjkl ashley assa assetou
  asshole assitan astan atletico audi august austin automne autumn avengers avril azeqsd azerty azertyuiop baby babyboy
  babygirl badalabougou bagayoko bakary ballo bamako banamba banana banane bandiagara bankass barca barcelona barcelone
  barry baseball basketball bathily batman bayern bear beatles beaute beautiful bebe belgique benin benjamin berthe
  beyonce bienvenue bintou biscuit bismillah bisous bitch black blanc blessed blessing bleu bleus blink blue bonheur
  bonjour bonsoir boobs bordeaux bordel boss boubacar boubou bougouni brahima brandon brasil bretagne brother bulls
  bullshit bureau burkina butterfly cabinet caca cafe california calin caline camara cameroun camille canada caramel
  caroline celtic cercle cerise chaka champion champions chance changeme changer changezmoi charles charlie charlotte
  chat chef cheick cheickna cheikh chelsea cheri cherie cherry cheval chien chirurgie chloe chocolat chocolate chou
  chouchou christ christian christine christopher ciel cisco cisse citroen citron claire clef client clinique code coeur
  coffee commune compte computer conakry confidentiel congo connard connasse constitution consultation contrasena cookie
  copain copine corvette cotedivoire coucou coulibaly cowboys cricket cristal cristiano crystal cscom csref cute dabo
  dakar dance daniel danielle daouda dauphin david december decembre default demba dembele demo democratie demon desert
  deutschland devil dhis diabate diable diakite diallo diamant diamond diarra diawara dick dicko dieu dimanche dioila
  diop disney district djeneba djenne djibril docteur doctor dollar dolphin dominique dortmund dossier doucoure doudou
  doudoune douentza doumbia dragon dragonball drissa drogba eagle eagles elephant eleve elizabeth emilie eminem emma
  empire encule england eric espana espoir etoile etoiles etudiant euro everton everything facebook faith falcon famille
  family fanta father fatim fatima fatimata fatou fatoumata faucon february ferrari fevrier fleur fleurs fleuve florian
  florida flower fofana football forever fortnite fousseyni fraise francais france francois freedom french frere friday
  friend friends friendship frodo fuck fucker fuckme fuckoff fuckyou gabon gabriel gandalf gao gaoussou gassama gazelle
  george germain ghana ghost gladiator gloria gmail godisgood goku gold golden goodbye google gourma gouvernement grace
  green greenday guest guillaume guindo guinee guitar habib hacker hadja haidara hallelujah hamadou hamdallaye hamidou
  hand handball hannah happy harouna harry harrypotter hawa heart heather heaven hell hello henry hero heslo hiphop
  hiver hockey hogwarts honda honey hooters hope hopital hospital hotmail hotspur huawei hugo hunter ibrahim ibrahima
  idrissa iloveu iloveyou inchallah independance india indonesia infirmerie infirmier infirmiere information inna insha
  inshallah instagram inter international internet invite iphone ironman isabelle islam issa issouf italia jackson james
  january janvier jasmine jason jaune jean jennifer jeremy jessica jesus jesuschrist jetadore jetaime jeudi jewel john
  johnny johnsmith joie jonathan jordan joseph joshua juillet juin julie julien july june justice justin justine
  juventus kadia kadiatou kadidia kalilou kamissoko kante kapler karite kassim kassogue kati kayes keita kevin kidal
  killer king kiss kita knight kobe koita kolokani konate kone koro koulikoro koutiala kouyate laboratoire lafiabougou
  lakers lamine lapin lassana lassina laura lauren laurent lebron legend letmein liberte liberty lightning lille linkin
  linkinpark lion lionne liverpool liverpoolfc login london louise loulette loulou loup love lovely loveme lover lucas
  lucky lulu lundi lune lyon madison madou madrid maiga maimouna mairie makan malade maladie mali malitel mamadi mamadou
  maman mamie mamou manager manchester manchesterunited mangue manon mardi mariam mariame marie marine mario maroc mars
  marseille martin martine marvel maryam mashaallah mashallah master maternite mathieu matrix matthew mauritanie maxime
  mbappe mecque medecin medecine medical melanie melissa menaka mercedes merci mercredi merde merlin messi metallica
  mexico michael michaeljordan michel michelle mickael mickey microsoft miel milan million minecraft ministere minnie
  minou moctar modibo mohamed mohamedou mohammed monaco monamour monday monde money monkey monmotdepasse montagne moon
  moov mopti morgan motdepasse mother motherfucker motpasse motsdepasse moussa muhammad music musique muslim mustang
  nana nantes naruto natalie nathan nature nene network newcastle neymar niakale niamey niare nice nicolas nicole niger
  nigeria ninja nintendo niono nioro niouma nirvana noir nokia nothing nounours november novembre nurse ocean october
  octobre office oiseau okay olivia olivier olympique olympiquemarseille online orange ordinateur ouagadougou ouattara
  oumar oumou ouologuem ousmane owner paix pakistan palu paludisme panther panthere papa papi papillon paradis paradise
  paris parissaintgermain parisstgermain park pass passe passphrase passw passwd password patient patients patrick
  patron paul pauline peace peach pearl pediatrie penis perle peter peugeot phantom pharmacie pharmacien philippe
  phoenix piano pierre pikachu pirate playstation please poisson pokemon pomme porn porsche potter poupette president
  pretty prince princes princess princesse printemps private professeur provisoire public purple pussy putain qazwsx
  qsdfghjklm queen quentin qwerty qwertyuiop rachel rainbow ramadan ranger rangers real realmadrid rebecca redsox region
  registre reine renault rennes republique rich richard riche rihanna robert roblox rock rockandroll rocknroll rockstar
  rokia rokiatou romain ronaldinho ronaldo root rose rouge rugby ryan sacko safiatou sagefemme saibou saint salah salam
  salamalaikum salif salifou salimata salope salut samake samantha sambou samedi samsung samuel samurai sandra sangare
  sangha sanitaire sanogo sante sarah sasuke satan saturday sebastien secret segou sekou senegal september septembre
  server serveur service sevare sexual sexy seydou shadow shakira shit sidi sidibe sidiki sih sikasso silver simon
  simpsons sira sis sissoko sister sitan skype slipknot smile smiley snapchat snow snowboard snowboarding soccer soeur
  soldier soleil someone something sonic sophie sotelma souleymane soumaila soumare souris spartan spiderman spongebob
  sport sports spring star stars starwars steelers stephane stephanie stephen steven storm strasbourg student
  subhanallah sucre summer sunday sunshine superadmin superman support suzuki sweet sylla sylvie system systeme tabaski
  tall tangara taoudeni tata teacher telecel telecom telegram temporaire tenenkou tenin tennis test texas thanks
  thankyou theworld theworldinyourhand thomas thunder thunderbird thursday tidiane tiecoura tiemoko tiger tigre tiktok
  titan titi togo togola tombouctou toto tottenham toujours toulouse tounkara toure toyota traore tresor trust trustno1
  tuesday tunisie turktelekom tutu twitter unbelievable united urgences user utilisateur vaccin vaccination valentin
  valerie vampire vanessa vanille vendredi veronique vert victor victoria viking vincent violet virginie vodafone
  volleyball warrior wednesday welcome whatever whatsapp white william windows winner winter wolf world wxcvbn yacouba
  yahoo yalcouye yamaha yanfolila yankees yann yattara yaya yellow youssouf youtube youwarou zeinabou zelda zidane
  zombie zxcvbnm
`
  .trim()
  .split(/\s+/)
